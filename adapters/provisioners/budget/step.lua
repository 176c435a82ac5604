-- One step of solvent itself, whole or not at all, and only while the key still shows what solvent saw.
--
--   EVAL <this file> 1 <key> <step> <plan> <seen token> <seen state> <how long a record is kept, in ms> [field value …]
--
-- The seen state is "-" for a key that is not there, and "any" where the plan and token are enough. With fields the key
-- is written, and where it was not there it takes up the month's record; without any it is removed.
-- Replies 1, or 0 where the key shows something else: nothing was done, look again.

local key, plan, token, state, kept_ms = KEYS[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local held = redis.call('HMGET', key, 'plan', 'token', 'state', 'period', 'spent_micros', 'warned')
local there = redis.call('EXISTS', key) == 1
if there ~= (state ~= '-') then return 0 end
if there and ((held[1] or '') ~= plan or (held[2] or '') ~= token) then return 0 end
if there and state ~= 'any' and (held[3] or '') ~= state then return 0 end

if #ARGV == 5 then
  if held[4] and held[5] then
    local record = key .. ':' .. held[4]
    redis.call('HSET', record, 'spent_micros', held[5], 'warned', held[6] or '0')
    redis.call('PEXPIRE', record, kept_ms)
  end
  redis.call('DEL', key)
  return 1
end

local fields = {}
for index = 6, #ARGV do fields[#fields + 1] = ARGV[index] end
redis.call('HSET', key, unpack(fields))
if not there or not held[4] or not string.match(held[5] or '', '^%d+$') then
  local period, ends_at_ms = string.match(redis.call('HGET', key, 'calendar'), '(%d%d%d%d%-%d%d)=(%d+)')
  local record = key .. ':' .. period
  local kept = redis.call('HMGET', record, 'spent_micros', 'warned')
  redis.call('HSET', key, 'period', period, 'period_ends_at_ms', ends_at_ms,
    'spent_micros', kept[1] or '0', 'warned', kept[2] or '0')
  if not there then redis.call('HINCRBY', record, 'made', 1) end
  redis.call('PEXPIRE', record, kept_ms)
end
return 1
