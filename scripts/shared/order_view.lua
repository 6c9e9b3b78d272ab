-- What the templates about an order or a cart show: amounts and dates as text in the customer's language. Real orders
-- have holes (no lines, no total, no promise): what is missing is left out, and the templates do without.
local fmt = require "fmt"

local M = {}

local function money(amount, currency, locale)
  if amount and amount > 0 and currency then return fmt.money(amount, currency, locale) end
end

-- What was ordered or lies in a cart, line by line.
function M.lines(items, currency, locale)
  local out = {}
  for _, item in ipairs(items or {}) do
    if item.name then
      local quantity = item.quantity or 1
      out[#out + 1] = {
        title = item.name,
        quantity = quantity,
        amount = money(item.price and item.price * quantity, currency, locale),
      }
    end
  end
  return out
end

-- The customer's language: what the order says, else their profile, else Danish.
function M.locale(m, event)
  return event.data.locale or m:profile().locale or "da"
end

function M.order(event, locale)
  local data = event.data
  local shown = M.lines(data.items, data.currency, locale)
  return {
    order_id = data.order_id,
    name = data.name,
    has_lines = #shown > 0,
    lines = shown,
    total = money(data.total, data.currency, locale),
    promised = type(data.promised_at) == "number" and fmt.date(data.promised_at, "long", { locale = locale }) or nil,
    pay_url = data.pay_url,
    reason = data.reason,
  }
end

return M
