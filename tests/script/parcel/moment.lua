-- SPDX-License-Identifier: Apache-2.0
-- A burst of scans is one message; silence is noticed (W5); the order's own waits see scans that were linked late (P4).
local moment = require "moment"

return moment.define {
  class = "service",
  on = "order.placed",
  about = "order",
  run = function(m)
    local bursts = {}
    while true do
      local scans = m:collect("shipment.scanned", { quiet = "2m", within = "1d" })
      if #scans == 0 then return "bursts " .. table.concat(bursts, " ") end
      bursts[#bursts + 1] = #scans .. ":" .. scans[#scans].data.place
    end
  end,
}
