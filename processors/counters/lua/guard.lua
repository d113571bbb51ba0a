-- In front of every script that touches the state in place.
--
-- KEYS[1]  the pointer: a hash with the epoch in place and the run_id of the server process that wrote it
-- KEYS[2]  counters of the epoch:
--            run                  the run_id again, so that a hash that is gone differs from one that is empty
--            tail|<counter>       the next ordinal for anybody
--            kept|<p>|<counter>   "<nonce> 3-9,20-22": handed out to partition p and, as far as known, not used
-- KEYS[3]  claims of the epoch:
--            run                  as above
--            =<text>              "f<owner>": firm;  "p<msgpack>": pending, see claims.lua
--            owner|<p>            offset of the owner record in force for partition p
--            held|<p>             msgpack {nonce, {text, ...}}: what is pending in partition p
-- ARGV[1]  run_id of this connection's server      ARGV[2]  the epoch that KEYS[2] and KEYS[3] are named after
-- ARGV[3]  JSON of the call; partitions and owner offsets are texts in it, ordinals numbers
--
-- Answers are tagged: {'OK', ...}, {'LOST', why}, {'EPOCH', in place}, {'OWNER', p, ...}.

local function lost(why)
  return {'LOST', why}
end

local function guard()
  local pointer = redis.call('HMGET', KEYS[1], 'epoch', 'run')
  if not pointer[1] then return lost('no company-wide state') end
  if pointer[2] ~= ARGV[1] then
    -- A restart, a promoted replica, a restored file: what it remembers may be older than what it once answered.
    return lost('the state was written by ' .. tostring(pointer[2]) .. ', this is ' .. ARGV[1])
  end
  if pointer[1] ~= ARGV[2] then return {'EPOCH', pointer[1]} end
  for key = 2, 3 do
    if redis.call('HGET', KEYS[key], 'run') ~= ARGV[1] then
      return lost('part of the state of epoch ' .. ARGV[2] .. ' is missing')
    end
  end
  return nil
end

-- The partitions whose owner in force is not the caller, or nil. A frozen worker that wakes is turned away here.
local function strangers(owners)
  local others = {'OWNER'}
  for p, offset in pairs(owners) do
    if redis.call('HGET', KEYS[3], 'owner|' .. p) ~= offset then others[#others + 1] = p end
  end
  if #others > 1 then return others end
  return nil
end

-- Calls run(first, last) over slices of a list, so that unpack stays below Lua's stack limit.
local function sliced(count, run)
  for first = 1, count, 1000 do run(first, math.min(first + 999, count)) end
end
