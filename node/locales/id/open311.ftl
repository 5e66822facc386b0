# Open311

open311-filed = Laporan diterima dan menunggu verifikasi.
open311-without = Kontak berikut tidak dapat dipakai dan tidak disimpan: { $fields }.
open311-merged = Laporan ini berlanjut bersama laporan { $report }
