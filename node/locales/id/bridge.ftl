# SP4N-LAPOR!

bridge-from = Laporan SP4N-LAPOR! nomor { $number }.
bridge-from-of = Laporan SP4N-LAPOR! nomor { $number }, diterima di sana { $day }.
bridge-said = — { $from }
bridge-said-of = — { $from }, { $day }
bridge-said-by = { $from }, SP4N-LAPOR!
bridge-said-there = SP4N-LAPOR!
