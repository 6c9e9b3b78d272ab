-- Reminds of a cart that was left: an hour after its last change, and once more three days later. Only those who have
-- consented hear of it (momentd asks in every m:send, and notes why when it sends nothing), nobody after a purchase,
-- nobody about an empty or a sold-out cart, and nobody twice within a week.
local moment = require "moment"
local cart_view = require "cart_view"
local stock = require "stock"
local view = require "order_view"

-- What comes of the first reminder, and the second one where nothing does.
local function follow_up(m, cart, bought, remind)
  local back = m:wait_for({ "order.placed", "cart.restored" }, { within = "3d", by = "person" })
  if back and back.type == "order.placed" then return "recovered" end
  if back then return bought("4d") and "recovered" or "restored" end

  local left, ended = stock.look(m, cart, bought)
  if not left then return ended == "bought" and "recovered" or ended end
  remind("still_there", left)
  return bought("4d") and "recovered" or "lost"
end

return moment.define {
  title = "Abandoned cart",
  class = "marketing",
  -- An emptied cart is a change like any other: it takes the place of the run before, and with that run goes a reminder
  -- that waits for the end of the quiet hours. Hence no `where`.
  on = "cart.updated",
  about = "cart",
  again = "restart",
  limit = { runs = 1, per = "7d" },
  goal = { event = "order.placed", within = "7d", from = "exposure" },
  templates = { "reminder", "still_there" },

  run = function(m, cart)
    if cart_view.empty(cart) then return "empty" end

    -- Whatever cart it was: who has just bought something is left in peace.
    local function bought(within) return m:wait_for("order.placed", { within = within, by = "person" }) ~= nil end

    local function remind(template, left, arm)
      local locale = view.locale(m, cart)
      return m:send {
        template = template,
        variant = arm,
        locale = locale,
        data = cart_view.data(cart, left, locale),
        unless = { past = "order.placed", within = "1d" },
      }
    end

    -- Only who may be written to takes part in the experiment: the others would blur its result.
    local function arm()
      if m:profile().consent["email/marketing"] then return m:experiment("cart_subject") end
    end

    if bought("1h") then return "bought by themselves" end
    local left, ended = stock.look(m, cart, bought)
    if not left then return ended == "bought" and "bought by themselves" or ended end
    local message = remind("reminder", left, arm())
    if not message.sent then return "not sent: " .. message.reason end
    return follow_up(m, cart, bought, remind)
  end,
}
