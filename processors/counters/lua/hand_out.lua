-- One batch's ordinals of company-wide counters, after settling how earlier batches ended.
-- JSON: {owners: {p: offset}, number, asks: [[counter, p, floor, count]], outcomes: as in claims.lua}
-- Answer: {'OK', "3-9,20-22" per ask}

local refused = guard()
if refused then return refused end
local call = cjson.decode(ARGV[3])
refused = strangers(call.owners)
if refused then return refused end

for _, ask in ipairs(call.asks) do
  if ask[3] > tonumber(redis.call('HGET', KEYS[2], 'tail|' .. ask[1]) or '0') then
    -- A committed row beyond all that was handed out: something forgot. Nobody may go on with this state.
    redis.call('DEL', KEYS[1])
    return lost(ask[1] .. ': the row stands at ' .. digits(ask[3]) .. ', beyond all that was handed out')
  end
end

settle(call.outcomes)
local answer = {'OK'}
for i, ask in ipairs(call.asks) do
  answer[i + 1] = grant(ask[2], ask[1], ask[3], ask[4], call.owners[ask[2]] .. '.' .. call.number)
end
return answer
