-- Ordinals handed out to one partition: intervals ascending, never overlapping. Numbers are exact up to 2^53.

local function digits(number)
  return string.format('%.0f', number)
end

-- "<nonce> 3-9,20-22" -> nonce, {{3, 9}, {20, 22}}; below `floor` nothing is left.
local function read_kept(text, floor)
  local intervals = {}
  if not text then return nil, intervals end
  local mark, rest = string.match(text, '^(%S+) (.*)$')
  for first, last in string.gmatch(rest, '(%d+)%-(%d+)') do
    first, last = tonumber(first), tonumber(last)
    if last >= floor then intervals[#intervals + 1] = {math.max(first, floor), last} end
  end
  return mark, intervals
end

local function intervals_text(intervals)
  local parts = {}
  for i, interval in ipairs(intervals) do parts[i] = digits(interval[1]) .. '-' .. digits(interval[2]) end
  return table.concat(parts, ',')
end

-- What a committed batch did not use goes back to all, if it is the tail of the whole counter and nobody reserved for
-- this partition since: the nonce says so.
local function give_back(p, counter, mark, used)
  local field, tail_field = 'kept|' .. p .. '|' .. counter, 'tail|' .. counter
  local stored = redis.call('HMGET', KEYS[2], field, tail_field)
  local latest, kept = read_kept(stored[1], used)
  if latest ~= mark then return end
  if #kept > 0 and kept[#kept][2] == tonumber(stored[2]) - 1 then
    redis.call('HSET', KEYS[2], tail_field, digits(kept[#kept][1]))
    kept[#kept] = nil
  end
  redis.call('HSET', KEYS[2], field, mark .. ' ' .. intervals_text(kept))
end

-- What the partition has left first, then from the tail: so what a partition gets only ascends, and who asks again
-- for the same row gets the same again.
local function grant(p, counter, floor, count, mark)
  local field, tail_field = 'kept|' .. p .. '|' .. counter, 'tail|' .. counter
  local stored = redis.call('HMGET', KEYS[2], field, tail_field)
  local _, kept = read_kept(stored[1], floor)
  local tail, short = tonumber(stored[2] or '0'), count
  for _, interval in ipairs(kept) do short = short - (interval[2] - interval[1] + 1) end
  if short > 0 then
    if #kept > 0 and kept[#kept][2] == tail - 1 then
      kept[#kept][2] = tail + short - 1
    else
      kept[#kept + 1] = {tail, tail + short - 1}
    end
    tail = tail + short
  end
  local text = intervals_text(kept)
  redis.call('HSET', KEYS[2], field, mark .. ' ' .. text, tail_field, digits(tail))
  return text
end
