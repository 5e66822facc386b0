// A message centre of others, npm's `smpp`, for node/src/channels/sms/tests/others.rs: hands one
// message over, takes the answer, tells its receipt. Says on a line each what happened.
import smpp from 'smpp';

const TELEPHONE = { source_addr_ton: 1, source_addr_npi: 1, source_addr: '628123456789' };
const say = (what, told) => console.log(JSON.stringify({ what, ...told }));
const deliver = (session, pdu, what) =>
    session.deliver_sm({ ...TELEPHONE, destination_addr: '1708', ...pdu }, ({ command_status: status }) => say(what, { status }));

const server = smpp.createServer((session) => {
    session.on('error', () => session.destroy());
    session.on('bind_transceiver', (pdu) => {
        const known = pdu.system_id === 'lapor' && pdu.password === 'sandi';
        session.send(pdu.response({ command_status: known ? smpp.ESME_ROK : smpp.ESME_RBINDFAIL }));
        say('bound', { known, version: pdu.interface_version });
        deliver(session, { short_message: 'Lampu jalan padam di Cihampelas [blok A] sejak Minggu.' }, 'delivered');
    });
    session.on('submit_sm', (pdu) => {
        session.send(pdu.response({ message_id: '77' }));
        const { source_addr: from, destination_addr: to, esm_class, registered_delivery, data_coding } = pdu;
        say('submitted', { from, to, esm_class, registered_delivery, data_coding, text: pdu.short_message.message });
        const receipt = 'id:77 sub:001 dlvrd:001 submit date:2611271000 done date:2611271001 stat:DELIVRD err:000 text:';
        deliver(session, { esm_class: smpp.ESM_CLASS?.MC_DELIVERY_RECEIPT ?? 4, short_message: receipt }, 'told');
    });
    session.on('enquire_link', (pdu) => session.send(pdu.response()));
    session.on('unbind', (pdu) => {
        session.send(pdu.response());
        session.close();
        say('unbound', {});
    });
});
server.listen(0, '127.0.0.1', () => say('listening', { port: server.address().port }));
