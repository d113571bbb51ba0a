-- The claims and releases of one batch, decision by decision, after settling how earlier batches ended.
-- JSON: {owners: {p: offset}, number, outcomes, wanted: [[claims, released]]}, a claim being [text, owner, p, register, key]
-- Answer: {'OK', index from 0 of the first decision that must wait or -1, text, its firm owner, ...}

local refused = guard()
if refused then return refused end
local call = cjson.decode(ARGV[3])
refused = strangers(call.owners)
if refused then return refused end
settle(call.outcomes)

local marks = {}
for p, offset in pairs(call.owners) do
  marks[p] = offset .. '.' .. call.number
  local mark = read_held(p)
  -- Left by an earlier batch that never told its outcome: the partition has to be taken over again.
  if mark and mark ~= marks[p] then return {'OWNER', p} end
end
-- A second call of the same batch replaces the first.
for p in pairs(call.owners) do end_held(p, false) end

local entries, texts, seen = {}, {}, {}
for _, decision in ipairs(call.wanted) do
  for _, list in ipairs(decision) do
    for _, claim in ipairs(list) do
      if not seen[claim[1]] then
        seen[claim[1]] = true
        texts[#texts + 1] = claim[1]
      end
    end
  end
end
sliced(#texts, function(first, last)
  local fields = {}
  for i = first, last do fields[#fields + 1] = '=' .. texts[i] end
  for i, value in ipairs(redis.call('HMGET', KEYS[3], unpack(fields))) do
    entries[texts[first + i - 1]] = read_entry(value)
  end
end)

local function pending(claim, before, after)
  return {claim[3], marks[claim[3]], claim[2], claim[4], claim[5], before, after}
end

-- What one decision changes, all or nothing: nil where a claim of it meets another's pending text.
local function stage(decision, taken)
  local staged = {}
  for _, claim in ipairs(decision[2]) do
    local entry = staged[claim[1]] or entries[claim[1]]
    if entry and entry.owner == claim[2] then
      staged[claim[1]] = pending(claim, 1, 0)
    elseif entry and entry[OWNER] == claim[2] then
      staged[claim[1]] = pending(claim, entry[BEFORE], 0)
    end
  end
  for _, claim in ipairs(decision[1]) do
    local text, owner = claim[1], claim[2]
    local entry = staged[text] or entries[text]
    if not entry then
      staged[text] = pending(claim, 0, 1)
    elseif entry.owner then
      if entry.owner ~= owner then
        taken[#taken + 1] = text
        taken[#taken + 1] = entry.owner
      end
    elseif entry[NONCE] ~= marks[claim[3]] or entry[OWNER] ~= owner then
      return nil
    elseif entry[BEFORE] == 1 then
      staged[text] = {owner = owner}
    else
      staged[text] = pending(claim, 0, 1)
    end
  end
  return staged
end

local taken, wait_at, changed = {}, -1, {}
for index, decision in ipairs(call.wanted) do
  local staged = stage(decision, taken)
  if not staged then
    wait_at = index - 1
    break
  end
  for text, entry in pairs(staged) do
    entries[text] = entry
    changed[text] = true
  end
end

local writes, held = {}, {}
for text in pairs(changed) do
  local entry = entries[text]
  writes[#writes + 1] = '=' .. text
  writes[#writes + 1] = entry_value(entry)
  if not entry.owner then
    held[entry[P]] = held[entry[P]] or {}
    table.insert(held[entry[P]], text)
  end
end
for p, list in pairs(held) do
  writes[#writes + 1] = 'held|' .. p
  writes[#writes + 1] = cmsgpack.pack({marks[p], list})
end
sliced(#writes, function(first, last) redis.call('HSET', KEYS[3], unpack(writes, first, last)) end)

local answer = {'OK', tostring(wait_at)}
for i, value in ipairs(taken) do answer[i + 2] = value end
return answer
