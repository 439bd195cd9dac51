import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { getKey, useApi, useGet, useLogin } from '../../api';
import { Badge } from '../../ui/Badge';
import { Button } from '../../ui/Button';
import { IconUser } from '../../ui/icons';
import { ProblemBox } from '../../ui/ProblemBox';
import { RelativeTime } from '../../ui/Time';

const CLAIMS = '/api/v1/proctoring/exams/{exam_id}/claims';
const CLAIM = '/api/v1/proctoring/attempt/{attempt_id}/claim';

/** Who looks after the student; a claim is taken and given back here. */
export function Claim({ examId, attemptId }: { examId: number; attemptId: number }) {
  const t = useTranslations('attempt.facts');
  const api = useApi();
  const queries = useQueryClient();
  const { keeper } = useLogin();
  const [problem, setProblem] = useState<unknown>();
  const claims = useGet(CLAIMS, {
    params: { path: { exam_id: examId }, query: { limit: 1_000 } },
  });
  const claim = claims.data?.find((each) => each.attempt_id === attemptId && !each.ended_at);
  const isMine = claim !== undefined && claim.claimed_by_id === keeper.user?.id;

  async function change() {
    setProblem(undefined);
    try {
      const asked = { params: { path: { attempt_id: attemptId } } };
      await (isMine ? api.delete(CLAIM, asked) : api.post(CLAIM, asked));
    } catch (failure) {
      setProblem(failure);
    }
    await queries.invalidateQueries({ queryKey: getKey(CLAIMS) });
  }

  return (
    <>
      {claim ? (
        <Badge icon={IconUser} tone={isMine ? 'accent' : 'plain'}>
          {isMine ? t('you') : (claim.claimed_by ?? t('user', { id: String(claim.claimed_by_id) }))}{' '}
          <RelativeTime at={claim.claimed_at} />
        </Badge>
      ) : (
        t('nobody')
      )}{' '}
      {claims.data && (!claim || isMine) && (
        <Button onPress={change} size="dense">
          {t(isMine ? 'release' : 'take')}
        </Button>
      )}
      {problem !== undefined && <ProblemBox problem={problem} />}
    </>
  );
}
