-- Spend from the month's budget of a paid API. Called by the application, in any language, before it calls the API:
--
--   EVAL <this file> 1 <key> <request id> units|amount <whole number>
--
-- key         solvent:budget:<component>, or solvent:<instance>:budget:<component> of a named instance.
-- request id  1 to 128 bytes, the same for every retry of one call: what is counted already is not counted again, for
--             24 hours and among the newest 100,000 ids of the component.
-- units       millionths of a unit (1500000 is one unit and a half); its price is rounded up to a millionth.
-- amount      millionths of the currency.
--
-- The number is from 1 to 9000000000000000 (9e15): Lua counts in doubles, which are exact below 2^53. What would cost
-- more than that is an error, as is any other argument that cannot be read; an error counts nothing.
--
-- Replies with five values:
--   1 allowed    1 or 0; with 0 the API must not be called, and nothing was counted
--   2 why        "counted", "repeated" (counted earlier under this id), "off" (switched off, or no such budget),
--                "spent" (more than what is left), "mismatch" (the id was used for another price),
--                "calendar" (the months that were written ahead are over: solvent has not run for two years)
--   3 charged    millionths of the currency that this call counted
--   4 remaining  millionths of the currency that are left of this month
--   5 warn       1 for the one call of a month that reaches warn_percent
--
-- The months are decided here, by the server's own clock. What is left of a month does not go over into the next.

local EXACT_MAX = 9000000000000000
local MILLION = 1000000
local WINDOW_MS = 86400000
local REQUESTS_MAX = 100000
local FORGOTTEN_AT_ONCE = 100
local RECORD_KEPT_MS = 34560000000

local key, request, mode = KEYS[1], ARGV[1], ARGV[2]

local function whole(text, lowest)
  if not text or #text > 16 or not string.match(text, '^%d+$') then return nil end
  local number = tonumber(text)
  if number < lowest or number > EXACT_MAX then return nil end
  return number
end

local function text(number)
  return string.format('%.0f', number)
end

-- units x price / 1,000,000, rounded up. Each product stays below 2^53, or is so large that it is refused.
local function cost_of(units, price)
  local many, few = math.floor(units / MILLION), units % MILLION
  local dear, cheap = math.floor(price / MILLION), price % MILLION
  return many * price + few * dear + math.ceil(few * cheap / MILLION)
end

if #KEYS ~= 1 or #ARGV ~= 3 then
  return redis.error_reply('ERR expected one key and three arguments: request id, units or amount, whole number')
end
if #request < 1 or #request > 128 then
  return redis.error_reply('ERR expected a request id of 1 to 128 bytes')
end
local number = whole(ARGV[3], 1)
if not number or (mode ~= 'units' and mode ~= 'amount') then
  return redis.error_reply('ERR expected units or amount, then millionths of it from 1 to 9000000000000000')
end

local held = redis.call('HMGET', key, 'state', 'budget_micros', 'unit_price_micros', 'warn_at_micros', 'period',
  'spent_micros', 'warned', 'calendar')
if held[1] ~= 'on' then return {0, 'off', 0, 0, 0} end
local budget, price, warn_at = whole(held[2], 1), whole(held[3], 1), whole(held[4], 1)
local period, spent, warned = held[5] or '', whole(held[6], 0), held[7] == '1' and '1' or '0'
if not (budget and price and warn_at and spent and held[8]) then
  return redis.error_reply('ERR the budget ' .. key .. ' is damaged: solvent has to write it again')
end
local cost = number
if mode == 'units' then cost = cost_of(number, price) end
if cost > EXACT_MAX then
  return redis.error_reply('ERR expected units that cost at most 9000000000 together')
end

-- The month that it is: the first whose end is still to come, and never one before that of the key.
local clock = redis.call('TIME')
local now_ms = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local current, ends
for month, ends_at_ms in string.gmatch(held[8], '(%d%d%d%d%-%d%d)=(%d+)') do
  if tonumber(ends_at_ms) > now_ms and month >= period then
    current, ends = month, ends_at_ms
    break
  end
end
if not current then return {0, 'calendar', 0, 0, 0} end
if current ~= period then
  local record = redis.call('HMGET', key .. ':' .. current, 'spent_micros', 'warned')
  spent = whole(record[1], 0) or 0
  warned = record[2] == '1' and '1' or '0'
  redis.call('HSET', key, 'period', current, 'period_ends_at_ms', ends, 'spent_micros', text(spent), 'warned', warned)
end

local remaining = math.max(0, budget - spent)
local requests, charges = key .. ':requests', key .. ':charges'
local since = redis.call('ZSCORE', requests, request)
if since and tonumber(since) > now_ms - WINDOW_MS then
  if redis.call('HGET', charges, request) == text(cost) then return {1, 'repeated', 0, remaining, 0} end
  return {0, 'mismatch', 0, remaining, 0}
end
if cost > remaining then return {0, 'spent', 0, remaining, 0} end

spent = spent + cost
local warn = 0
if spent >= warn_at and warned ~= '1' then
  warn, warned = 1, '1'
end
redis.call('HSET', key, 'spent_micros', text(spent), 'warned', warned)
-- The month's own record outlives the key, so that switching off and on, or losing the key, refills nothing.
local record = key .. ':' .. current
redis.call('HSET', record, 'spent_micros', text(spent), 'warned', warned)
redis.call('PEXPIRE', record, RECORD_KEPT_MS)

redis.call('ZADD', requests, text(now_ms), request)
redis.call('HSET', charges, request, text(cost))
redis.call('PEXPIRE', requests, WINDOW_MS)
redis.call('PEXPIRE', charges, WINDOW_MS)
local forgotten = redis.call('ZRANGEBYSCORE', requests, '-inf', text(now_ms - WINDOW_MS), 'LIMIT', 0, FORGOTTEN_AT_ONCE)
if #forgotten == 0 and redis.call('ZCARD', requests) > REQUESTS_MAX then
  forgotten = redis.call('ZRANGE', requests, 0, 0)
end
if #forgotten > 0 then
  redis.call('ZREM', requests, unpack(forgotten))
  redis.call('HDEL', charges, unpack(forgotten))
end
return {1, 'counted', cost, budget - spent, warn}
