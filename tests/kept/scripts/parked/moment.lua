local moment = require "moment"

return moment.define { class = "service", on = "kept.parked", run = function() error("broken on purpose") end }
