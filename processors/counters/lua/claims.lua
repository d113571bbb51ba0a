-- Codes that are unique across the company: text -> owner.
--
-- Firm is "f<owner>". Pending is a batch's doing until its outcome is known, "p" and msgpack of
--   {partition, nonce, owner, register, key, before, after}
-- `before`: firm for the owner if the batch comes to nothing; `after`: firm if it commits. Both are 0 or 1.

local P, NONCE, OWNER, REGISTER, KEY, BEFORE, AFTER = 1, 2, 3, 4, 5, 6, 7

-- nil: nobody's. {owner = ...}: firm. Else the pending list.
local function read_entry(value)
  if not value then return nil end
  if string.sub(value, 1, 1) == 'f' then return {owner = string.sub(value, 2)} end
  return cmsgpack.unpack(string.sub(value, 2))
end

local function entry_value(entry)
  if entry.owner then return 'f' .. entry.owner end
  return 'p' .. cmsgpack.pack(entry)
end

local function read_held(p)
  local value = redis.call('HGET', KEYS[3], 'held|' .. p)
  if not value then return nil, {} end
  local held = cmsgpack.unpack(value)
  return held[1], held[2]
end

-- Ends what is pending in partition p for these texts; `firm_of(entry, i)` says whether it is firm from now on.
local function end_pending(p, texts, firm_of)
  sliced(#texts, function(first, last)
    local fields = {}
    for i = first, last do fields[#fields + 1] = '=' .. texts[i] end
    local values = redis.call('HMGET', KEYS[3], unpack(fields))
    local firm, gone = {}, {}
    for i, value in ipairs(values) do
      local entry = read_entry(value)
      if entry and entry[P] == p then
        if firm_of(entry, first + i - 1) then
          firm[#firm + 1] = fields[i]
          firm[#firm + 1] = 'f' .. entry[OWNER]
        else
          gone[#gone + 1] = fields[i]
        end
      end
    end
    if #firm > 0 then redis.call('HSET', KEYS[3], unpack(firm)) end
    if #gone > 0 then redis.call('HDEL', KEYS[3], unpack(gone)) end
  end)
end

local function end_held(p, kept)
  local _, texts = read_held(p)
  if #texts == 0 then return end
  end_pending(p, texts, function(entry)
    return (kept and entry[AFTER] or not kept and entry[BEFORE]) == 1
  end)
  redis.call('HDEL', KEYS[3], 'held|' .. p)
end

-- How earlier batches ended: {p, owner offset, nonce, kept, {{counter, next ordinal}, ...}} each. Void where another
-- owner is in force; a nonce that is not there any more was settled before.
local function settle(outcomes)
  for _, outcome in ipairs(outcomes) do
    local p, owner, mark, kept, used = outcome[1], outcome[2], outcome[3], outcome[4], outcome[5]
    if redis.call('HGET', KEYS[3], 'owner|' .. p) == owner then
      if read_held(p) == mark then end_held(p, kept) end
      if kept then
        for _, pair in ipairs(used) do give_back(p, pair[1], mark, pair[2]) end
      end
    end
  end
end
