"""What Redis does in one step, as Lua: whatever is lost in between, a job has one entry and one outcome."""

# a job is put into its stream once, lives on while it is wanted, and tells its outcome to whoever asks again
OFFER = """
redis.call('SADD', KEYS[3], ARGV[4])
local outcome = redis.call('HGET', KEYS[1], 'outcome')
if outcome then return outcome end
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'text', ARGV[1])
  redis.call('XADD', KEYS[2], '*', 'id', ARGV[3])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return false
"""
# only the first outcome counts, and only of a job that is still wanted
FINISH = """
local first = redis.call('EXISTS', KEYS[1]) == 1 and redis.call('HSETNX', KEYS[1], 'outcome', ARGV[1]) == 1
redis.call('XACK', KEYS[2], ARGV[2], ARGV[3])
redis.call('XDEL', KEYS[2], ARGV[3])
if not first then return 0 end
redis.call('RPUSH', KEYS[3], ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[5])
return 1
"""
# into the stream again, unless somebody else has claimed it
GIVE_BACK = """
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 1 then redis.call('XADD', KEYS[1], '*', 'id', ARGV[3]) end
redis.call('XDEL', KEYS[1], ARGV[2])
"""
# by Redis' own clock
BEAT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode({at = now, health = ARGV[2]}))
return tostring(now)
"""
# the newest of what the bots speak
ANNOUNCE = """
local known = tonumber(redis.call('GET', KEYS[1]) or '0')
redis.call('SET', KEYS[1], math.max(known, tonumber(ARGV[1])), 'PX', ARGV[2])
"""
