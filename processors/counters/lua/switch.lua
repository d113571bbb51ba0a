-- Puts a state that was written aside in place. KEYS: pointer, counters, claims of the new epoch; and, if there is one,
-- counters, claims of the epoch in place. ARGV: run_id, new epoch, epoch in place or '', JSON {owners: {p: offset}}
-- A frozen rebuilder that wakes finds a newer epoch here, or what it wrote gone.

for key = 2, 3 do
  if redis.call('HGET', KEYS[key], 'run') ~= ARGV[1] then
    return {'LOST', 'what was written aside is gone'}
  end
end
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
local in_place = redis.call('HGET', KEYS[1], 'epoch') or ''
if in_place ~= '' and tonumber(in_place) > tonumber(ARGV[2]) then
  return {'LOST', 'epoch ' .. ARGV[2] .. ' was superseded by ' .. in_place}
end
if in_place ~= ARGV[3] then return {'EPOCH', in_place} end

for p, offset in pairs(cjson.decode(ARGV[4]).owners) do redis.call('HSET', KEYS[3], 'owner|' .. p, offset) end
redis.call('PERSIST', KEYS[2])
redis.call('PERSIST', KEYS[3])
redis.call('HSET', KEYS[1], 'epoch', ARGV[2], 'run', ARGV[1])
if KEYS[4] and in_place ~= ARGV[2] then redis.call('UNLINK', KEYS[4], KEYS[5]) end
return {'OK'}
