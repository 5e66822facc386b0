# SP4N-LAPOR!

bridge-from = Report { $number } of SP4N-LAPOR!.
bridge-from-of = Report { $number } of SP4N-LAPOR!, received there on { $day }.
bridge-said = — { $from }, SP4N-LAPOR!
bridge-said-of = — { $from }, SP4N-LAPOR!, { $day }
