/**
 * What runs inside of Redis, each atomically. KEYS[1] is the prefix, a hash tag: every key begins with it, so all are on one
 * node of a cluster.
 *
 *     positions, watermarks   hashes by partition
 *     seen:N                  of partition N, sorted set of the ids that steps left, by end: start, a space, ids
 *     derived:N               the same of the ids that are kept apart
 *     inbox:N, taken          list of messages to partition N, and by partition how many were before them
 *     states                  hash by key
 *     products                hash by id: time, price, name, category, brand, with \31 between them
 *     layout                  how the cells are cut, and the form of all this: JSON
 *     generation              name of what is counted, given by the rebuild that did
 *     keys:S, names:S         numbers of the keys of a slot, and keys by number; those of slot 0 are the columns
 *     changes                 list of the deltas of changes that are not in cells yet; `trimmed` were before them
 *     cell:N, cells           pages of cells by id, and the sorted set of the ids; `versions` says by which fold
 *     folds, folding          name of the last fold, and the lock of the one that goes on
 *     moments, moment         names of the last steps in which something was counted or folded, and how many there were
 *     published:K             name of the hash that holds the documents of a kind
 *     reports                 hash by worker: time, a space, JSON
 *     rebuild:…               the same of what is counted anew; `rebuilding` is there while it goes on
 */

/**
 * Reads ARGV one by one. Fields of a hash and their values come in one argument, each after its length in four bytes: that costs
 * half of what an argument each would. They are passed on in parts, because Lua's stack is bounded.
 */
const READ_ARGUMENTS = `
local p = KEYS[1]
local at = 0
local function arg() at = at + 1; return ARGV[at] end
local function put(key, packed)
  local place, last = 1, #packed
  while place <= last do
    local part, count = {}, 0
    while count < 4000 and place <= last do
      part[count + 1], part[count + 2], place = struct.unpack('>I4c0I4c0', packed, place)
      count = count + 2
    end
    redis.call('HSET', key, unpack(part, 1, count))
  end
end
`;

/**
 * Whoever remembers something of the data knows the name of a moment at which it was so. While that is among the names, what
 * was remembered still holds: nothing was lost since, and no earlier state has come back.
 */
const READ_MOMENTS = `
local function happened(name) return redis.call('ZSCORE', KEYS[1] .. ':moments', name) end
`;
/** The oldest names go: who was away for so long reads anew. */
const NOTE_MOMENT = `
local function note(name)
  redis.call('ZADD', KEYS[1] .. ':moments', redis.call('INCR', KEYS[1] .. ':moment'), name)
  redis.call('ZREMRANGEBYRANK', KEYS[1] .. ':moments', 0, -2001)
end
`;

/** -2: the numbers of keys are of another time; -1: refused; 0: applied; 1: applied, and the caller is to fold. */
const APPLY = `${READ_ARGUMENTS}${READ_MOMENTS}${NOTE_MOMENT}
local layout, generation, moment, name = arg(), arg(), arg(), arg()
if layout == '' then return redis.error_reply('ECOM a change has to say how its cells are cut') end
if (redis.call('GET', p .. ':layout') or layout) ~= layout then return -1 end
if generation ~= '*' and (redis.call('GET', p .. ':generation') or '') ~= generation then return -1 end
if moment ~= '' and not happened(moment) then return -2 end
local advances = {}
for i = 1, tonumber(arg()) do
  local advance = { arg(), arg(), arg(), arg(), arg(), arg(), arg(), arg(), arg(), arg(), arg() }
  if (redis.call('HGET', p .. ':positions', advance[1]) or '0') ~= advance[2] then return -1 end
  if advance[10] ~= '' and (redis.call('HGET', p .. ':taken', advance[1]) or '0') ~= advance[10] then return -1 end
  advances[i] = advance
end
for _ = 1, tonumber(arg()) do
  if redis.call('HEXISTS', p .. ':states', arg()) == 1 then return -1 end
end
for _ = 1, tonumber(arg()) do
  local key, expected = arg(), arg()
  if redis.call('HGET', p .. ':states', key) ~= expected then return -1 end
end
redis.call('SET', p .. ':layout', layout)
local function leave(kept, from, to, since, ids)
  redis.call('ZREMRANGEBYSCORE', kept, '-inf', since)
  redis.call('ZREMRANGEBYSCORE', kept, '(' .. from, '+inf')
  redis.call('ZADD', kept, to, from .. ' ' .. ids)
end
for _, advance in ipairs(advances) do
  redis.call('HSET', p .. ':positions', advance[1], advance[3])
  redis.call('HSET', p .. ':watermarks', advance[1], advance[4])
  if advance[10] ~= advance[11] then
    redis.call('HSET', p .. ':taken', advance[1], advance[11])
    redis.call('LTRIM', p .. ':inbox:' .. advance[1], advance[11] - advance[10], -1)
  end
  if advance[5] ~= '' then leave(p .. ':seen:' .. advance[1], advance[2], advance[3], advance[5], advance[6]) end
  if advance[7] ~= '' then leave(p .. ':derived:' .. advance[1], advance[7], advance[3], advance[8], advance[9]) end
end
put(p .. ':states', arg())
for _ = 1, tonumber(arg()) do
  local partition = arg()
  redis.call('HSETNX', p .. ':taken', partition, 0)
  redis.call('RPUSH', p .. ':inbox:' .. partition, arg())
end

-- By bytes: Lua's own comparison follows the locale.
local function above(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x > y end
  end
  return #a > #b
end
local function newer(a, b)
  if a[1] ~= b[1] then return tonumber(a[1]) > tonumber(b[1]) end
  if a[3] ~= b[3] then return above(a[3], b[3]) end
  return (tonumber(a[2]) or 0) > (tonumber(b[2]) or 0)
end
for _ = 1, tonumber(arg()) do
  local id = arg()
  local given = { arg(), arg(), arg(), arg(), arg() }
  local old = redis.call('HGET', p .. ':products', id)
  if old then
    local known = { string.match(old, '^(.-)\\31(.-)\\31(.-)\\31(.-)\\31(.*)$') }
    if newer(given, known) then
      for i = 2, 5 do if given[i] == '' then given[i] = known[i] end end
    else
      given = known
    end
  end
  redis.call('HSET', p .. ':products', id, table.concat(given, '\\31'))
end

local change = arg()
if change == '' then return 0 end
redis.call('RPUSH', p .. ':changes', change)
note(name)
local pending = redis.call('INCRBY', p .. ':pending', #change)
if redis.call('LLEN', p .. ':changes') < tonumber(arg()) and pending < tonumber(arg()) then return 0 end
if redis.call('SET', p .. ':folding', '1', 'NX', 'PX', '10000') then return 1 end
return 0
`;

/** Puts a layout in the place of the one that was seen. */
const RELAYOUT = `
if redis.call('GET', KEYS[1] .. ':layout') == ARGV[1] then redis.call('SET', KEYS[1] .. ':layout', ARGV[2]) end
return 1
`;

/**
 * The numbers of keys of a dimension; new ones get the next, or the one of the others where there are too many. Before them
 * the name of the moment at which they are so; nothing where the moment that the caller knows has never been.
 */
const NUMBER = `${READ_MOMENTS}${NOTE_MOMENT}
local p = KEYS[1]
if ARGV[2] ~= '' and not happened(ARGV[2]) then return {} end
local keys = p .. ':keys:' .. ARGV[1]
local count = redis.call('HLEN', keys)
local isNew = redis.call('EXISTS', p .. ':moments') == 0
local function number(key)
  local id = redis.call('HGET', keys, key)
  if id then return tonumber(id) end
  if count >= tonumber(ARGV[4]) and key ~= ARGV[5] then return number(ARGV[5]) end
  count = count + 1
  isNew = true
  redis.call('HSET', keys, key, count)
  redis.call('HSET', p .. ':names:' .. ARGV[1], count, key)
  return count
end
local ids = {}
for i = 6, #ARGV do ids[i - 4] = number(ARGV[i]) end
if isNew then note(ARGV[3]) end
ids[1] = redis.call('ZRANGE', p .. ':moments', -1, -1)[1]
return ids
`;

/** Names of keys of a slot by number; nothing where the moment that the caller knows, if there is one, has never been. */
const NAMES = `${READ_MOMENTS}
if ARGV[1] ~= '' and not happened(ARGV[1]) then return {} end
return redis.call('HMGET', KEYS[1] .. ':names:' .. ARGV[2], unpack(ARGV, 3))
`;

/** Columns and their numbers; nothing where the moment that the caller knows, if there is one, has never been. */
const COLUMNS = `${READ_MOMENTS}
if ARGV[1] ~= '' and not happened(ARGV[1]) then return {} end
return redis.call('HGETALL', KEYS[1] .. ':names:0')
`;

const POSITIONS = `
return { redis.call('HGETALL', KEYS[1] .. ':positions'), redis.call('HGETALL', KEYS[1] .. ':watermarks') }
`;

/** By partition how many messages were taken, and the first ones that wait. */
const INBOXES = `
local found = {}
for i = 2, #ARGV do
  found[2 * i - 3] = redis.call('HGET', KEYS[1] .. ':taken', ARGV[i]) or '0'
  found[2 * i - 2] = redis.call('LRANGE', KEYS[1] .. ':inbox:' .. ARGV[i], 0, ARGV[1] - 1)
end
return found
`;

/** What a fold starts from: name of the last fold, watermarks, changes. */
const UNFOLDED = `
local p = KEYS[1]
return {
  redis.call('GET', p .. ':folds') or '',
  redis.call('HVALS', p .. ':watermarks'),
  redis.call('LRANGE', p .. ':changes', 0, -1)
}
`;

/**
 * Puts folded cells in place and takes their changes away; 0 where another fold was first, or where the data is not what the
 * fold was made from: lost, or as it was earlier. Every fold has a name of its own, because a number would come again then.
 */
const FOLD = `${READ_ARGUMENTS}${NOTE_MOMENT}
if (redis.call('GET', p .. ':folds') or '') ~= arg() then return 0 end
local version, count, digest = arg(), arg(), arg()
if redis.sha1hex(table.concat(redis.call('LRANGE', p .. ':changes', 0, count - 1), '\\n')) ~= digest then return 0 end
redis.call('SET', p .. ':folds', version)
redis.call('LTRIM', p .. ':changes', count, -1)
redis.call('INCRBY', p .. ':trimmed', count)
redis.call('DECRBY', p .. ':pending', arg())
for _ = 1, tonumber(arg()) do
  local id, seconds, table = arg(), arg(), arg()
  redis.call('SET', p .. ':cell:' .. id, table)
  if seconds ~= '0' then redis.call('EXPIRE', p .. ':cell:' .. id, seconds) end
  redis.call('ZADD', p .. ':cells', id, id)
  redis.call('HSET', p .. ':versions', id, version)
end
for _ = 1, tonumber(arg()) do
  local from, to = arg(), arg()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', p .. ':cells', from, '(' .. to, 'LIMIT', 0, 200)) do
    redis.call('UNLINK', p .. ':cell:' .. id)
    redis.call('ZREM', p .. ':cells', id)
    redis.call('HDEL', p .. ':versions', id)
  end
end
-- Who reads forgets the changes: where the fold is taken back, they are to be read again.
note(version)
redis.call('DEL', p .. ':folding')
return 1
`;

/**
 * As of one moment, whose name comes first: whether the moment that the caller knows has been, else what it knows is nothing;
 * the layout, positions, the changes from a number on, the versions of the pages in ranges of ids, with '1' first the pages
 * themselves too, and the number of columns.
 */
const LOOK = `${READ_MOMENTS}
local p = KEYS[1]
local trimmed = tonumber(redis.call('GET', p .. ':trimmed') or '0')
local cells = {}
for i = 4, #ARGV, 2 do
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', p .. ':cells', ARGV[i], '(' .. ARGV[i + 1])) do
    local table = ''
    if ARGV[1] == '1' then table = redis.call('GET', p .. ':cell:' .. id) end
    -- The cell may have expired.
    if table then
      cells[#cells + 1] = id
      cells[#cells + 1] = redis.call('HGET', p .. ':versions', id)
      cells[#cells + 1] = table
    end
  end
end
local known = happened(ARGV[3]) and tonumber(ARGV[2])
local first = math.max(known or 0, trimmed)
return {
  redis.call('ZRANGE', p .. ':moments', -1, -1)[1] or '',
  known and 1 or 0,
  redis.call('GET', p .. ':layout'),
  redis.call('HGETALL', p .. ':positions'),
  redis.call('HGETALL', p .. ':watermarks'),
  trimmed,
  first,
  redis.call('LRANGE', p .. ':changes', first - trimmed, -1),
  cells,
  redis.call('HLEN', p .. ':names:0')
}
`;

/** Version and bytes of pages. */
const CELLS = `
local p = KEYS[1]
local found = {}
for i, id in ipairs(ARGV) do
  found[2 * i - 1] = redis.call('HGET', p .. ':versions', id) or ''
  found[2 * i] = redis.call('GET', p .. ':cell:' .. id) or ''
end
return found
`;

/** Makes a filled hash the one that holds the documents of a kind; 0 where some of it was lost. It may come again. */
const PUBLISH = `
local p = KEYS[1]
if redis.call('HLEN', p .. ':documents:' .. ARGV[2]) ~= tonumber(ARGV[3]) then return 0 end
local old = redis.call('GET', p .. ':published:' .. ARGV[1])
redis.call('SET', p .. ':published:' .. ARGV[1], ARGV[2])
redis.call('PERSIST', p .. ':documents:' .. ARGV[2])
if old and old ~= ARGV[2] then redis.call('UNLINK', p .. ':documents:' .. old) end
return 1
`;

const PUBLISHED = `
local p = KEYS[1]
local name = redis.call('GET', p .. ':published:' .. ARGV[1])
if not name then return {} end
return redis.call('HMGET', p .. ':documents:' .. name, unpack(ARGV, 2))
`;

/** Forgets all that was counted under a prefix. */
const FORGET = `
local function names(p)
  local all = {}
  for slot = 0, 15 do
    all[#all + 1] = 'keys:' .. slot
    all[#all + 1] = 'names:' .. slot
  end
  for _, id in ipairs(redis.call('ZRANGE', p .. ':cells', 0, -1)) do all[#all + 1] = 'cell:' .. id end
  for _, partition in ipairs(redis.call('HKEYS', p .. ':positions')) do
    all[#all + 1] = 'seen:' .. partition
    all[#all + 1] = 'derived:' .. partition
  end
  for _, partition in ipairs(redis.call('HKEYS', p .. ':taken')) do all[#all + 1] = 'inbox:' .. partition end
  for _, name in ipairs({ 'layout', 'generation', 'positions', 'watermarks', 'taken', 'states', 'products', 'changes', 'trimmed',
    'pending', 'cells', 'versions', 'folds', 'folding', 'moments', 'moment' }) do all[#all + 1] = name end
  -- Of older versions.
  for _, name in ipairs({ 'names', 'ids' }) do all[#all + 1] = name end
  return all
end
local function forget(p)
  for _, name in ipairs(names(p)) do redis.call('UNLINK', p .. ':' .. name) end
end
`;

/** Forgets all that was counted where the layout is still the one that was seen. */
const OUTDATED = `${FORGET}
if redis.call('GET', KEYS[1] .. ':layout') == ARGV[1] then forget(KEYS[1]) end
return 1
`;

/** Forgets what an earlier rebuild has left, and notes that one is under way. */
const REBUILD = `${FORGET}
forget(KEYS[1] .. ':rebuild')
redis.call('SET', KEYS[1] .. ':rebuilding', '1', 'EX', ARGV[1])
return 1
`;

/** Puts what was counted anew in place, and 0 where it is behind what is there, unless that is to be so. */
const REPLACE = `${FORGET}
local p, beside = KEYS[1], KEYS[1] .. ':rebuild'
if ARGV[1] ~= '1' then
  local old = redis.call('HGETALL', p .. ':positions')
  for i = 1, #old, 2 do
    if tonumber(redis.call('HGET', beside .. ':positions', old[i]) or '0') < tonumber(old[i + 1]) then return 0 end
  end
end
forget(p)
for _, name in ipairs(names(beside)) do
  local key = beside .. ':' .. name
  if redis.call('EXISTS', key) == 1 then redis.call('RENAME', key, p .. ':' .. name) end
end
redis.call('SET', p .. ':generation', ARGV[2])
redis.call('DEL', p .. ':rebuilding')
return 1
`;

/** Gives a rebuild up. */
const ABANDON = `${FORGET}
forget(KEYS[1] .. ':rebuild')
redis.call('DEL', KEYS[1] .. ':rebuilding')
return 1
`;

/** Notes a report, and forgets those that are a day older, and what a rebuild that was killed has left. */
const REPORT = `${FORGET}
local beside = KEYS[1] .. ':rebuild'
if redis.call('EXISTS', beside .. ':positions', beside .. ':moments') > 0 and redis.call('EXISTS', KEYS[1] .. ':rebuilding') == 0 then
  forget(beside)
end
local key = KEYS[1] .. ':reports'
redis.call('HSET', key, ARGV[1], ARGV[2] .. ' ' .. ARGV[3])
local all = redis.call('HGETALL', key)
for i = 1, #all, 2 do
  if tonumber(string.match(all[i + 1], '^%d+')) < tonumber(ARGV[2]) - 86400000 then redis.call('HDEL', key, all[i]) end
end
return 1
`;

export const SCRIPTS = {
  ecomApply: APPLY,
  ecomRelayout: RELAYOUT,
  ecomNumber: NUMBER,
  ecomNames: NAMES,
  ecomColumns: COLUMNS,
  ecomPositions: POSITIONS,
  ecomInboxes: INBOXES,
  ecomUnfolded: UNFOLDED,
  ecomFold: FOLD,
  ecomLook: LOOK,
  ecomCells: CELLS,
  ecomPublish: PUBLISH,
  ecomPublished: PUBLISHED,
  ecomReport: REPORT,
  ecomOutdated: OUTDATED,
  ecomRebuild: REBUILD,
  ecomReplace: REPLACE,
  ecomAbandon: ABANDON,
} as const;

type Argument = string | number | Buffer;
/** A list stands for its elements: of any length, it could not be spread. */
type Arguments = readonly (Argument | readonly Argument[])[];

/** A client with the scripts as commands; those with `Buffer` in their names give bytes instead of text. */
export type ScriptedClient = Record<
  keyof typeof SCRIPTS,
  (prefix: string, ...rest: Arguments) => Promise<unknown>
> &
  Record<`${keyof typeof SCRIPTS}Buffer`, (prefix: string, ...rest: Arguments) => Promise<unknown>>;
