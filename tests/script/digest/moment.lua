-- SPDX-License-Identifier: Apache-2.0
-- A run that the clock starts (T7), beside one that an event starts.
local moment = require "moment"

return moment.define {
  class = "service",
  on = { moment.schedule("0 8 1 * *", "Europe/Copenhagen"), "digest.wanted" },
  run = function(m, event)
    if event.type ~= "schedule" then return "asked for" end
    m:emit { type = "digest.made", data = { at = event.time } }
    return "scheduled at " .. event.time
  end,
}
