-- Puts a state that was written aside in place. KEYS: pointer, counters, claims of the new epoch.
-- ARGV: run_id, new epoch, JSON {owners: {p: offset}}
-- A frozen rebuilder that wakes finds a newer epoch here, or what it wrote gone.

for key = 2, 3 do
  if redis.call('HGET', KEYS[key], 'run') ~= ARGV[1] then
    return {'LOST', 'what was written aside is gone'}
  end
end
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
local in_place = redis.call('HGET', KEYS[1], 'epoch')
if in_place and tonumber(in_place) > tonumber(ARGV[2]) then
  return {'LOST', 'epoch ' .. ARGV[2] .. ' was superseded by ' .. in_place}
end

for p, offset in pairs(cjson.decode(ARGV[3]).owners) do redis.call('HSET', KEYS[3], 'owner|' .. p, offset) end
redis.call('PERSIST', KEYS[2])
redis.call('PERSIST', KEYS[3])
redis.call('HSET', KEYS[1], 'epoch', ARGV[2], 'run', ARGV[1])
return {'OK'}
