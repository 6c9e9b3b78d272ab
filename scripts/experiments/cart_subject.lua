-- Does a subject that names what lies in the cart bring more people back? Only the subject and the line after it in the
-- inbox differ: the mails below them are the same.
local experiment = require "experiment"

return experiment.define {
  name = "cart_subject",
  moment = "abandoned_cart",
  arms = { { "control", 0.5 }, { "friendly", 0.5 } },
  coverage = 1,
}
