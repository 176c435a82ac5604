-- One step of solvent itself, whole or not at all, and only while the key still shows what solvent saw.
--
--   EVAL <this file> 1 <key> <step> <plan> <seen token> <seen state> [field value ...]
--
-- The seen state is "-" for a key that is not there, and "any" where the plan and token are enough. With fields the key
-- is written; without any it is removed. A dial that is not on stands at 0, so that whoever reads nothing but the share
-- asks the API. Replies 1, or 0 where the key shows something else: nothing was done, look again.

local key, plan, token, state = KEYS[1], ARGV[2], ARGV[3], ARGV[4]

local held = redis.call('HMGET', key, 'plan', 'token', 'state')
local there = redis.call('EXISTS', key) == 1
if there ~= (state ~= '-') then return 0 end
if there and ((held[1] or '') ~= plan or (held[2] or '') ~= token) then return 0 end
if there and state ~= 'any' and (held[3] or '') ~= state then return 0 end

if #ARGV == 4 then
  redis.call('DEL', key)
  return 1
end

local fields = {}
for index = 5, #ARGV do fields[#fields + 1] = ARGV[index] end
redis.call('HSET', key, unpack(fields))
local share = redis.call('HGET', key, 'share_percent')
if redis.call('HGET', key, 'state') ~= 'on' or not share or not string.match(share, '^%d+$') then
  redis.call('HSET', key, 'share_percent', '0', 'wished_percent', '', 'reasons', '', 'turned_at', '')
end
return 1
