local moment = require "moment"

return moment.define { class = "service", on = "kept.done", run = function() return "done at once" end }
