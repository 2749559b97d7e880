"""Lua that Redis runs atomically: whatever is lost in between, a job has one entry and one outcome."""

# adds a job to its stream once, renews it, and returns its outcome where it has one
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
# stores the first outcome of a job that was not taken back, and queues it for its bot
FINISH = """
local first = redis.call('EXISTS', KEYS[1]) == 1 and redis.call('HSETNX', KEYS[1], 'outcome', ARGV[1]) == 1
redis.call('XACK', KEYS[2], ARGV[2], ARGV[3])
redis.call('XDEL', KEYS[2], ARGV[3])
if not first then return 0 end
redis.call('RPUSH', KEYS[3], ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[5])
return 1
"""
# adds a job to its stream again, unless another worker has claimed it
RELEASE = """
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 1 then redis.call('XADD', KEYS[1], '*', 'id', ARGV[3]) end
redis.call('XDEL', KEYS[1], ARGV[2])
"""
# stores a worker's health with the time by Redis' own clock
HEARTBEAT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode({at = now, health = ARGV[2]}))
return tostring(now)
"""
# keeps the newest protocol of all bots
ANNOUNCE = """
local known = tonumber(redis.call('GET', KEYS[1]) or '0') or 0
redis.call('SET', KEYS[1], math.max(known, tonumber(ARGV[1])), 'PX', ARGV[2])
"""
# adds or renews a training; returns its outcome, how often it was claimed, by whom, whether one holds it, new steps
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
# claims a training that nobody holds and that has waited so many seconds
CLAIM_TRAINING = """
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
# renews the lease and appends steps, unless the training was taken back or another worker holds it
RENEW_TRAINING = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
for at = 4, #ARGV do redis.call('RPUSH', KEYS[3], ARGV[at]) end
redis.call('PEXPIRE', KEYS[3], ARGV[3])
return 1
"""
# stores the first outcome, if it is the holder's
FINISH_TRAINING = """
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
return redis.call('HSETNX', KEYS[1], 'outcome', ARGV[2])
"""
# lets another worker claim it; this claim was no failure, so it is not counted
RELEASE_TRAINING = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HINCRBY', KEYS[1], 'taken', -1) end
return 1
"""
