-- What a cart holds, and what the reminders show of it. Real carts have holes (no lines, no names, no link): what is
-- missing is left out, and the copy does without.
local view = require "order_view"

local M = {}

local SKUS_MAX = 50 -- as many as fit well into one request

local function items(cart)
  local list, out = cart.data.items, {}
  for _, item in ipairs(type(list) == "table" and list or {}) do
    if type(item) == "table" then out[#out + 1] = item end
  end
  return out
end

-- A cart without lines is one whose total says so: some shops send no more than that.
function M.empty(cart)
  local total = cart.data.total
  if type(total) == "number" and total <= 0 then return true end
  return #items(cart) == 0 and (cart.data.items ~= nil or total == nil)
end

-- The article numbers that the shop can be asked about, and whether they are the whole cart.
function M.skus(cart)
  local out, seen, whole = {}, {}, true
  for _, item in ipairs(items(cart)) do
    local sku = item.sku and tostring(item.sku)
    local asked = sku and (seen[sku] or #out < SKUS_MAX)
    if asked and not seen[sku] then out[#out + 1] = sku end
    if asked then seen[sku] = true end
    whole = whole and asked
  end
  return out, whole
end

-- Whether an article is known to be sold out.
function M.gone(sku, left)
  local count = left[tostring(sku)]
  return type(count) == "number" and count <= 0
end

-- The link that fills the cart again is the event's, and goes out only by https.
local function link(cart)
  local url = cart.data.restore_url
  if type(url) == "string" and url:find("^https://") then return url end
end

function M.data(cart, left, locale)
  local there = {}
  for _, item in ipairs(items(cart)) do
    if not (item.sku and M.gone(item.sku, left)) then there[#there + 1] = item end
  end
  local lines = view.lines(there, cart.data.currency, locale)
  return {
    name = cart.data.name,
    has_lines = #lines > 0,
    lines = lines,
    first = lines[1] and lines[1].title,
    restore_url = link(cart),
  }
end

return M
