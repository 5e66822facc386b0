# SP4N-LAPOR!

bridge-from = Laporan SP4N-LAPOR! nomor { $number }.
bridge-from-of = Laporan SP4N-LAPOR! nomor { $number }, diterima di sana { $day }.
bridge-said = — { $from }, SP4N-LAPOR!
bridge-said-of = — { $from }, SP4N-LAPOR!, { $day }
