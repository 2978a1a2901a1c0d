/**
 * What Redis runs for us (Lua 5.1): each is one step that nobody comes between, by the clock of the server,
 * so that clocks of nodes do not matter. A bucket is a string, `lack since`: how many tokens it lacks to be full, and when
 * that was, in ms of that clock. It is gone once it would be full.
 */

/**
 * KEYS: buckets. ARGV, five for each: tokens that come in a ms; burst; tokens wanted; granted tokens that are given back,
 * below 0: used ones that were not granted; how many it lacks at least. Answers two numbers for each: tokens granted,
 * whole, and thousandths of tokens that are left.
 */
export const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local answer = {}
for index, key in ipairs(KEYS) do
  local last = 5 * index
  local per_ms, burst, wanted = tonumber(ARGV[last - 4]), tonumber(ARGV[last - 3]), tonumber(ARGV[last - 2])
  local returned, lacking = tonumber(ARGV[last - 1]), tonumber(ARGV[last])
  local lack, since = string.match(redis.call('GET', key) or '', '^(%S+) (%S+)$')
  -- A server that has taken another's place may be behind its time.
  local elapsed = math.max(0, now - (tonumber(since) or now))
  lack = math.max(0, (tonumber(lack) or 0) - elapsed * per_ms)
  lack = math.min(burst, math.max(0, lacking, lack - returned))
  local granted = math.max(0, math.min(wanted, math.floor(burst - lack + 1e-6)))
  lack = lack + granted
  if lack > 0 then
    local expiry = string.format('%.0f', math.ceil(lack / per_ms))
    redis.call('SET', key, string.format('%.6f %.3f', lack, now), 'PX', expiry)
  else
    redis.call('DEL', key)
  end
  answer[2 * index - 1] = granted
  answer[2 * index] = math.floor((burst - lack) * 1000)
end
return answer
`

/**
 * KEYS: the nodes that there are, the seed that all of them hash keys with. ARGV: this node, the seed that it has, for how
 * many ms a node counts that says no more, and for how many it is taken to be there. Answers how many nodes count, how many
 * of them are there, and the seed that counts: that of whoever came first.
 */
export const JOIN = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('SET', KEYS[2], ARGV[2], 'NX')
local here = redis.call('ZCOUNT', KEYS[1], now - ARGV[4], '+inf')
return { redis.call('ZCARD', KEYS[1]), here, redis.call('GET', KEYS[2]) }
`
