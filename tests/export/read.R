# Reads every CSV file of an export with base R, and tells of each column: table, column, rows, class, how many are
# missing, and a sum over its values (seconds, days, the number itself, or characters), parted by tabs.
# Usage: Rscript read.R FOLDER

options(warn = 2)
folder <- commandArgs(trailingOnly = TRUE)[1]
booleans <- c("awaiting_description", "engaged", "agrees", "school")

time <- function(x) as.POSIXct(x, format = "%Y-%m-%dT%H:%M:%SZ", tz = "UTC")

typed <- function(name, x) {
  missing <- is.na(x)
  if (name == "as_of" || grepl("_on$", name)) y <- as.Date(x, format = "%Y-%m-%d")
  else if (grepl("_at$", name)) y <- time(x)
  else return(x)
  if (any(is.na(y) != missing)) stop(name, ": not all are times or dates")
  y
}

for (path in sort(Sys.glob(file.path(folder, "*.csv")))) {
  table <- sub("[.]csv$", "", basename(path))
  # Everything as text first: which columns are numbers is told by their being without quotation marks, which R does not keep.
  data <- read.csv(path, colClasses = "character", na.strings = "", encoding = "UTF-8", check.names = FALSE, quote = "\"")
  guessed <- read.csv(path, na.strings = "", encoding = "UTF-8", check.names = FALSE, quote = "\"", stringsAsFactors = FALSE)
  stopifnot(nrow(data) == nrow(guessed))
  for (name in names(data)) {
    x <- typed(name, data[[name]])
    if (is.character(x) && is.numeric(guessed[[name]])) x <- guessed[[name]]
    kind <- class(x)[1]
    sum <- if (is.character(x)) sum(nchar(sub("^'", "", x[!is.na(x)]), type = "chars")) else sum(as.numeric(x), na.rm = TRUE)
    cat(table, name, length(x), kind, sum(is.na(x)), sprintf("%.0f", sum), sep = "\t")
    cat("\n")
  }
}
