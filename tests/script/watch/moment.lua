-- SPDX-License-Identifier: Apache-2.0
-- A watch that goes round for a year on a short journal (R5).
local moment = require "moment"

return moment.define {
  class = "service",
  on = "watch.began",
  run = function(m, _, seen)
    seen = seen or 0
    local event = m:wait_for("watch.ticked", { within = "30d" })
    if not event then return "seen " .. seen end
    m:continue_as(seen + 1)
  end,
}
