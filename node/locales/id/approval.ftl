# Jawaban yang disetujui atasan.

approvals-title = Persetujuan jawaban
approvals-lead = Jawaban terbit setelah disetujui orang lain dari yang menulisnya. Nama yang menyetujui tercatat.
approvals-none = Tidak ada jawaban yang menunggu
approvals-none-about = Jawaban yang perlu disetujui muncul di sini.
approvals-waiting = { $n } jawaban menunggu persetujuan.
approval-published = Jawaban disetujui dan diterbitkan.
approval-returned = Jawaban dikembalikan kepada penulisnya.
approval-own = Jawaban sendiri disetujui oleh orang lain.
approval-remark-needed = Tulis apa yang perlu diperbaiki.
approval-decided = Jawaban ini sudah diputuskan.
answer-drafted = Jawaban tersimpan dan menunggu persetujuan.
draft-waiting = Menunggu persetujuan
draft-returned = Dikembalikan
draft-closes = Usul selesai
draft-again = Perbaiki jawaban
draft-remark = Catatan bila dikembalikan
draft-publish = Setujui dan terbitkan
draft-return = Kembalikan
draft-needed = Jawaban kepada pelapor akan disetujui atasan sebelum terbit.
draft-title = Jawaban yang belum terbit
signed-by = Disetujui { $name }
form-evidence = Usul selesai dalam kategori ini disertai bukti, misalnya foto.
form-evidence-needed = Lampirkan bukti: foto atau dokumen.
