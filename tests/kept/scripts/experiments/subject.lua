local experiment = require "experiment"

return experiment.define {
  name = "subject",
  moment = "arms",
  arms = { { "control", 0.5 }, { "other", 0.5 } },
}
