"""The town's colour, where no stylesheet says it. static/css/theme.css has the same one as --key."""

KEY = "#115a36"
