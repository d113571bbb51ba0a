-- Adds to a state that is written aside. KEYS: counters, claims of the new epoch.
-- ARGV: run_id, seconds to live, JSON {tails: [counter, "ordinal", ...], claims: [text, owner, ...]}
-- Of two claims of one text the first holds. Whatever was lost since `begin` makes all of it lost.

for key = 1, 2 do
  if redis.call('HGET', KEYS[key], 'run') ~= ARGV[1] then
    return {'LOST', 'what was written aside is gone'}
  end
  redis.call('EXPIRE', KEYS[key], ARGV[2])
end
local call = cjson.decode(ARGV[3])
for i = 1, #call.tails, 2 do redis.call('HSET', KEYS[1], 'tail|' .. call.tails[i], call.tails[i + 1]) end
for i = 1, #call.claims, 2 do redis.call('HSETNX', KEYS[2], '=' .. call.claims[i], 'f' .. call.claims[i + 1]) end
return {'OK'}
