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
# a training lives on while its bot says that it is wanted; the bot hears what has come of it so far
OFFER_TRAINING = """
redis.call('SADD', KEYS[4], ARGV[3])
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'text', ARGV[1], 'at', redis.call('TIME')[1], 'taken', 0)
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
local steps = redis.call('LRANGE', KEYS[3], 0, -1)
redis.call('DEL', KEYS[3])
local known = redis.call('HMGET', KEYS[1], 'outcome', 'taken', 'worker')
return {known[1], known[2], known[3], redis.call('EXISTS', KEYS[2]), steps}
"""
# by one worker at a time; by one that hesitates only once it has waited so many seconds
TAKE_TRAINING = """
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('SREM', KEYS[3], ARGV[5])
  return false
end
if redis.call('HEXISTS', KEYS[1], 'outcome') == 1 or redis.call('EXISTS', KEYS[2]) == 1 then return false end
if redis.call('TIME')[1] - redis.call('HGET', KEYS[1], 'at') < tonumber(ARGV[4]) then return false end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
redis.call('HINCRBY', KEYS[1], 'taken', 1)
redis.call('HSET', KEYS[1], 'worker', ARGV[3])
return redis.call('HGET', KEYS[1], 'text')
"""
# as long as it is wanted and nobody else has it
KEEP_TRAINING = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
for at = 4, #ARGV do redis.call('RPUSH', KEYS[3], ARGV[at]) end
redis.call('PEXPIRE', KEYS[3], ARGV[3])
return 1
"""
FINISH_TRAINING = """
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
return redis.call('HSETNX', KEYS[1], 'outcome', ARGV[2])
"""
# for another worker, and it was no failure
GIVE_BACK_TRAINING = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HINCRBY', KEYS[1], 'taken', -1) end
return 1
"""
