# Open311

open311-filed = The report was received and waits for verification.
open311-without = These contacts cannot be used and were not kept: { $fields }.
open311-merged = This report goes on with report { $report }
