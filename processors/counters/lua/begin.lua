-- Starts to write a state aside, empty. KEYS: counters, claims of the new epoch. ARGV: run_id, seconds to live.
-- What a dead rebuilder leaves vanishes by itself; the switch makes it stay.

for key = 1, 2 do
  redis.call('DEL', KEYS[key])
  redis.call('HSET', KEYS[key], 'run', ARGV[1])
  redis.call('EXPIRE', KEYS[key], ARGV[2])
end
return {'OK'}
