-- Set what the application reads, while the dial of this token is switched on.
--
--   EVAL <this file> 1 <key> <token> <field value ...>
--
-- Replies 1, or 0 where that dial is not on: nothing was set.

local held = redis.call('HMGET', KEYS[1], 'token', 'state')
if held[1] ~= ARGV[1] or held[2] ~= 'on' then return 0 end
local fields = {}
for index = 2, #ARGV do fields[#fields + 1] = ARGV[index] end
redis.call('HSET', KEYS[1], unpack(fields))
return 1
