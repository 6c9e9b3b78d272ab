-- SPDX-License-Identifier: Apache-2.0
-- Something that waits for the customer's morning.
local moment = require "moment"

return moment.define {
  class = "service",
  on = "evening",
  run = function(m)
    local from = m:now()
    local _, late = m:sleep_until { hour = 9, max_lateness = "2h" }
    return (m:now() - from) / 3600 .. (late and " late" or "")
  end,
}
