import { sentenceOf } from './webhook-sender';

describe('An attempt that an error ended', () => {
  it.each([
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'The certificate is for another host name'],
    ['CERT_HAS_EXPIRED', 'The certificate has expired'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'The certificate is self-signed'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', expect.stringContaining('The issuer of the certificate is unknown')],
    ['EHOSTUNREACH', 'The host is unreachable'],
    ['EBADNAME', 'The host name is unknown'],
    ['ESERVFAIL', 'The host name could not be resolved'],
    ['ECONNREFUSED', 'The connection was refused'],
    ['ECONNRESET', 'The connection was reset'],
    ['ETIMEDOUT', 'The connection timed out'],
    ['EPROTO', 'The request failed: EPROTO'],
  ])('with %s says %s', (code, sentence) => {
    expect(sentenceOf(Object.assign(new Error(), { code }))).toEqual(sentence);
    expect(sentenceOf(new AggregateError([Object.assign(new Error(), { code })]))).toEqual(sentence);
  });
});
