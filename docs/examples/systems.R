# A chart from `wdtk export csv DEST`: Rscript systems.R DEST. Base R is enough.
folder <- commandArgs(trailingOnly = TRUE)[1]
systems <- read.csv(file.path(folder, "council_systems.csv"), encoding = "UTF-8", na.strings = "")
answers <- read.csv(file.path(folder, "batch_answers.csv"), encoding = "UTF-8", na.strings = "")
answers$responded_on <- as.Date(answers$responded_on)

# Each council counts once for a term, however often it is named.
once <- unique(systems[, c("authority", "kind", "term")])
councils <- sort(table(once$term[once$kind == "system"]))

pdf("systems.pdf", width = 7, height = 5)
par(mar = c(4, 9, 2, 1))
barplot(councils, horiz = TRUE, las = 1, xlab = "Councils that name it in an answer")
dev.off()

print(rev(councils))
cat(sprintf("%d asked, %d answered in %.0f working days (median)\n", nrow(answers),
            sum(!is.na(answers$responded_on)), median(answers$working_days, na.rm = TRUE)))
