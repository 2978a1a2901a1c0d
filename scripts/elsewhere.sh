#!/bin/sh
# Runs tests on systems that this machine is not: `sh scripts/elsewhere.sh musl|arm64 FILE...`, on Debian for x86-64.
#   musl   Bun's build for musl, with Debian's musl
#   arm64  an emulated machine with Debian's kernel for arm64, some 20 times slower: give a few files at a time
# What it needs is fetched from Debian and npm and unpacked below $ELSEWHERE (default: /tmp/smartedge-elsewhere), where it is
# found again; nothing of it is installed.
set -eu
kind=${1:?musl or arm64}
shift
repository=$(cd "$(dirname "$0")/.." && pwd)
place=${ELSEWHERE:-/tmp/smartedge-elsewhere}/$kind
version=$(sed -n 's/^ *"bun": "\(.*\)",$/\1/p' "$repository/package.json")
mkdir -p "$place"
cd "$place"

need() {
  for command in "$@"; do
    command -v "$command" >/dev/null && continue
    echo "$command is missing: apt-get install gcc patchelf cpio qemu-system-arm" >&2
    exit 1
  done
}

# Debian's packages of another processor, or of this one, unpacked here. Its state is its own.
debian() {
  arch=$1
  shift
  mkdir -p apt/lists/partial apt/archives/partial rootfs
  : >apt/status
  set -- "$@" -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Sandbox::User=root
  set -- "$@" -o Dir::State="$place/apt" -o Dir::State::status="$place/apt/status" -o Dir::Cache="$place/apt"
  apt-get -qq download "$@" 2>/dev/null || { update "$@" && apt-get -qq download "$@"; }
  for package in ./*.deb; do dpkg-deb -x "$package" rootfs; done
}

update() {
  while [ "${1#-}" = "$1" ]; do shift; done
  apt-get -qq update "$@"
}

bun() {
  npm pack --silent "@oven/bun-linux-$1@$version" | xargs tar xzf
}

# Bun for musl needs 40 functions of a libstdc++ that Debian has for glibc alone. They know no locale, so that they do with
# musl what they do with glibc; what that has and musl lacks is written here.
musl() {
  need gcc patchelf npm
  if [ ! -x bun ]; then
    debian amd64 musl musl-dev libstdc++-12-pic
    bun x64-musl
    cat >glibc.c <<'C'
char *getenv(const char *);
long getrandom(void *, unsigned long, unsigned);
void *__dso_handle __attribute__((visibility("hidden"))) = &__dso_handle;
char __libc_single_threaded = 0;
char *secure_getenv(const char *name) { return getenv(name); }
int _dl_find_object(void *address, void *result) { return -1; }
unsigned arc4random(void) { unsigned value; getrandom(&value, 4, 0); return value; }
C
    nm -D package/bin/bun | sed -n 's/^.* [UBV] \(_Z[^@]*\|__cxa[^@]*\|__dynamic_cast\|__once[^@]*\).*/-Wl,-u,\1/p' |
      grep -v thread_atexit >wanted
    archive=rootfs/usr/lib/gcc/x86_64-linux-gnu/12/libstdc++_pic.a
    gcc -shared -fPIC -nostdlib -o libstdc++.so.6 @wanted glibc.c "$archive" -lgcc_eh -lgcc
    cp package/bin/bun bun.new
    patchelf --set-interpreter "$place/rootfs/lib/x86_64-linux-musl/libc.so" --set-rpath "$place" bun.new
    mv bun.new bun
  fi
  cd "$repository"
  exec "$place/bun" test --no-env-file --timeout 60000 "$@"
}

arm64() {
  need qemu-system-aarch64 cpio npm
  if [ ! -x rootfs/bin/bun ]; then
    debian arm64 libc6 busybox-static linux-image-cloud-arm64
    debian arm64 "$(dpkg-deb -f linux-image-cloud-arm64_*.deb Depends | sed 's/ .*//')"
    bun aarch64
    mv package/bin/bun rootfs/bin/bun
    ln -sf busybox rootfs/bin/sh
    mv rootfs/boot/vmlinuz-* kernel
    rm -rf rootfs/boot rootfs/usr/share rootfs/lib/modules
  fi
  write_machine "$@"
  (cd rootfs && find . | cpio -o -H newc --quiet) >initrd
  qemu-system-aarch64 -machine virt -cpu cortex-a72 -smp 2 -m 3G -nographic -no-reboot -nic none \
    -kernel kernel -initrd initrd -append 'console=ttyAMA0 quiet panic=-1' </dev/null | tr -d '\r' | tee log
  grep -q '^ *0 fail$' log
}

# The repository, and what the machine does when it has begun.
write_machine() {
  rm -rf rootfs/smartedge
  mkdir -p rootfs/smartedge/node_modules/bun/bin
  tar cf - -C "$repository" --exclude=.git --exclude=./node_modules/bun/bin --exclude='./node_modules/@deno' \
    --exclude='./node_modules/@ox*' --exclude='./node_modules/bun-types' . | tar xf - -C rootfs/smartedge
  ln -s /bin/bun rootfs/smartedge/node_modules/bun/bin/bun.exe
  cat >rootfs/init <<C
#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /tmp /etc
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/pts; mount -t devpts pts /dev/pts
ip link set lo up
printf '127.0.0.1 localhost\n::1 localhost\n' >/etc/hosts
export PATH=/bin NO_COLOR=1
cd /smartedge && bun test --no-env-file --timeout 300000 $*
poweroff -f
C
  chmod +x rootfs/init
}

case $kind in
musl | arm64) "$kind" "$@" ;;
*)
  echo "musl or arm64, got $kind" >&2
  exit 1
  ;;
esac
