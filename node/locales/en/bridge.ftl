# SP4N-LAPOR!

bridge-from = Report { $number } of SP4N-LAPOR!.
bridge-from-of = Report { $number } of SP4N-LAPOR!, received there on { $day }.
bridge-said = — { $from }
bridge-said-of = — { $from }, { $day }
bridge-said-by = { $from }, SP4N-LAPOR!
bridge-said-there = SP4N-LAPOR!
