# Open311

open311-filed = The report was received and waits for verification.
open311-merged = This report goes on with report { $report }
