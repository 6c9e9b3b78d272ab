-- What of a cart can still be bought: GET /stock?skus=a,b of the connection `stock`, which answers
-- { "left": { "a": 3, "b": 0 } }.
--
-- When it gives no good answer, it is asked again after a quarter of an hour and after another hour. If there is still
-- none, the cart is taken to be there: it was when they filled it, the mail promises no stock, and its link leads to a
-- page that knows. A shop that would rather be silent returns nil, "stock unknown" instead.
local cart_view = require "cart_view"

local M = {}

local pauses = { "15m", "1h" }

local function ask(m, skus)
  local answer, why =
    m:http { name = "stock", connection = "stock", path = "/stock", query = { skus = table.concat(skus, ",") } }
  local left = answer and type(answer.json) == "table" and answer.json.left
  if type(left) == "table" then return left end
  m:log("the stock is not known:", why or "the answer has no table `left`")
end

local function sold_out(skus, left)
  for _, sku in ipairs(skus) do
    if not cart_view.gone(sku, left) then return false end
  end
  return true
end

-- A table of what is left by sku (empty: not known), or nil and why there is nothing to remind of: "bought" or
-- "sold out". `bought(within)` waits, and says whether they have ordered meanwhile.
function M.look(m, cart, bought)
  local skus, whole = cart_view.skus(cart)
  if #skus == 0 then return {} end
  local left = ask(m, skus)
  for _, pause in ipairs(pauses) do
    if left then break end
    if bought(pause) then return nil, "bought" end
    left = ask(m, skus)
  end
  if not left then
    m:count("cart_stock_unknown")
    return {}
  end
  if whole and sold_out(skus, left) then return nil, "sold out" end
  return left
end

return M
