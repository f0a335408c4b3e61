import { IsString } from 'class-validator';
import { hasAtMost, isWellFormed, member, type MemberOptions, rule, textRule } from '../../http/validation/member';

const MAX = 2048;

export const HTTPS_ALONE = 'must match pattern "^https://"';

/** An address to send to. That http is for private receivers alone is known to the service, not here. */
export function ReceiverUrl(options: MemberOptions): PropertyDecorator {
  const isHttp = (text: string) => /^https?:\/\//.test(text);
  const format = 'must match format "uri" without credentials and fragment';
  return member(
    options,
    { type: 'string', format: 'uri', maxLength: MAX, pattern: '^https://' },
    IsString(rule('must be string', { code: 'type' })),
    hasAtMost(MAX),
    textRule('isHttp', isHttp, rule(HTTPS_ALONE, { code: 'pattern' })),
    textRule('isReceiverUrl', isReceiverUrl, rule(format, { code: 'format' })),
    isWellFormed(),
  );
}

function isReceiverUrl(text: string): boolean {
  if (/[\s#]/.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}
