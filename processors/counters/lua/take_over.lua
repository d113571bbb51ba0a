-- Puts the caller's owner offsets in force and answers all that is pending in these partitions.
-- JSON: {owners: {p: offset}}
-- Answer: {'OK', text, owner, p, register, key, ...}

local refused = guard()
if refused then return refused end
local owners = cjson.decode(ARGV[3]).owners

local later = {'OWNER'}
for p, offset in pairs(owners) do
  if tonumber(redis.call('HGET', KEYS[3], 'owner|' .. p) or '-1') > tonumber(offset) then later[#later + 1] = p end
end
if #later > 1 then return later end

local answer = {'OK'}
for p, offset in pairs(owners) do
  redis.call('HSET', KEYS[3], 'owner|' .. p, offset)
  local _, texts = read_held(p)
  for _, text in ipairs(texts) do
    local entry = read_entry(redis.call('HGET', KEYS[3], '=' .. text))
    if entry and entry[P] == p then
      for _, value in ipairs({text, entry[OWNER], p, entry[REGISTER], entry[KEY]}) do answer[#answer + 1] = value end
    end
  end
end
return answer
