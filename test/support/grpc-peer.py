"""A gRPC server and a client of it, by the reference implementation: bytes in, bytes out, without generated code.

`serve` tells its port in a line and serves until its input ends, over TLS where it is told files of a certificate and its key; `call PORT` makes every kind of call and tells what came of
each in one line of JSON; `fail PORT` makes one, and tells how it failed.
"""
import json
import sys
import threading
from concurrent import futures

import grpc

cancelled = threading.Event()


def unary(request, context):
    context.send_initial_metadata((("x-initial", "1"),))
    context.set_trailing_metadata((("x-trailing", "2"),))
    return request


def fail(request, context):
    context.abort(grpc.StatusCode.NOT_FOUND, "not here: ü")


def stream(request, context):
    for index in range(int(request)):
        yield b"%d" % index + b"x" * 10_000


def collect(requests, context):
    return b"%d" % sum(len(request) for request in requests)


def chat(requests, context):
    for request in requests:
        yield request.upper()


def slow(request, context):
    context.add_callback(cancelled.set)
    cancelled.wait(20)
    return b"late"


def was_cancelled(request, context):
    return b"yes" if cancelled.wait(20) else b"no"


def listen_at(server, files):
    if not files:
        return server.add_insecure_port("127.0.0.1:0")
    certificate, key = (open(file, "rb").read() for file in files)
    return server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, certificate)]))


def serve(files):
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "Stream": grpc.unary_stream_rpc_method_handler(stream),
        "Collect": grpc.stream_unary_rpc_method_handler(collect),
        "Chat": grpc.stream_stream_rpc_method_handler(chat),
        "Slow": grpc.unary_unary_rpc_method_handler(slow),
        "WasCancelled": grpc.unary_unary_rpc_method_handler(was_cancelled),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("t.T", handlers),))
    health = {"Check": grpc.unary_unary_rpc_method_handler(lambda request, context: b"\x08\x01")}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("grpc.health.v1.Health", health),))
    port = listen_at(server, files)
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(0)


def outcome(error):
    return [error.code().name, error.details()]


def call(port):
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    results = {}
    response, info = channel.unary_unary("/t.T/Unary").with_call(b"hello", timeout=20)
    results["unary"] = [
        response.decode(),
        dict(info.initial_metadata()).get("x-initial"),
        dict(info.trailing_metadata()).get("x-trailing"),
    ]
    large = b"y" * 3_000_000
    results["large"] = channel.unary_unary("/t.T/Unary")(large, timeout=20) == large
    try:
        channel.unary_unary("/t.T/Fail")(b"", timeout=20)
    except grpc.RpcError as error:
        results["fail"] = outcome(error)
    try:
        channel.unary_unary("/t.T/Nothing")(b"", timeout=20)
    except grpc.RpcError as error:
        results["nothing"] = error.code().name
    results["stream"] = sum(len(piece) for piece in channel.unary_stream("/t.T/Stream")(b"100", timeout=20))
    results["collect"] = channel.stream_unary("/t.T/Collect")((b"z" * 1000 for _ in range(200)), timeout=20).decode()
    results["chat"] = b"".join(channel.stream_stream("/t.T/Chat")(iter([b"a", b"b", b"c"]), timeout=20)).decode()
    try:
        channel.unary_unary("/t.T/Slow")(b"", timeout=0.3)
    except grpc.RpcError as error:
        results["deadline"] = error.code().name
    results["cancelled"] = channel.unary_unary("/t.T/WasCancelled")(b"", timeout=20).decode()
    many = [channel.unary_unary("/t.T/Unary").future(b"%d" % index, timeout=20) for index in range(300)]
    results["many"] = all(one.result() == b"%d" % index for index, one in enumerate(many))
    print(json.dumps(results))


def fail_once(port):
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    try:
        channel.unary_unary("/t.T/Unary")(b"", timeout=20)
    except grpc.RpcError as error:
        print(json.dumps(outcome(error)))


if sys.argv[1] == "serve":
    serve(sys.argv[2:])
elif sys.argv[1] == "fail":
    fail_once(sys.argv[2])
else:
    call(sys.argv[2])
