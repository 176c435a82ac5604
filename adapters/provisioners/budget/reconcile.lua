-- Set what a month has spent to what the provider bills. Up always, down only with a reason, and each order once.
--
--   EVAL <this file> 1 <key> <period> <billed micros> <reason> <days kept, in ms> <order>
--
-- Replies with {done, spent before, spent now}; done is 0 where it would go down and no reason was given. An order that
-- was carried out already is replied with the sums of then: what was spent since stays counted.

local key, period, billed, reason, kept_ms, order = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local record = key .. ':' .. period
local last = redis.call('HMGET', record, 'reconciled_order', 'reconciled_from_micros', 'reconciled_to_micros')
if last[1] == order then return {1, last[2], last[3]} end
local current = redis.call('HGET', key, 'period') == period
local spent = current and redis.call('HGET', key, 'spent_micros') or redis.call('HGET', record, 'spent_micros') or '0'
if tonumber(billed) < tonumber(spent) and reason == '' then return {0, spent, spent} end
redis.call('HSET', record, 'spent_micros', billed, 'reconciled_order', order, 'reconciled_from_micros', spent,
  'reconciled_to_micros', billed, 'reconciled_reason', reason, 'reconciled_at_s', redis.call('TIME')[1])
redis.call('PEXPIRE', record, kept_ms)
if current then redis.call('HSET', key, 'spent_micros', billed) end
return {1, spent, billed}
