-- What the new owner found in its restored store about all that was pending in its partitions.
-- JSON: {owners: {p: offset}, existing: {p: [text]}, missing: {p: [text]}}
-- Answer: {'OK'}

local refused = guard()
if refused then return refused end
local call = cjson.decode(ARGV[3])
refused = strangers(call.owners)
if refused then return refused end

for p in pairs(call.owners) do
  end_pending(p, call.existing[p] or {}, function() return true end)
  end_pending(p, call.missing[p] or {}, function() return false end)
  redis.call('HDEL', KEYS[3], 'held|' .. p)
end
return {'OK'}
