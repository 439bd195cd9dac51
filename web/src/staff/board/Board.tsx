import { useLogin } from '../../api';
import { Loading } from '../../ui/Spinner';
import { MoreWords } from '../../words/Words';
import { BoardPage } from './BoardPage';

/** The live board of an exam: every student, those first who need somebody. */
export function Board({ examId }: { examId: number }) {
  const user = useLogin().login?.user;
  if (!user) return null;
  return (
    <MoreWords fallback={<Loading />} of={['board']}>
      <BoardPage examId={examId} key={`${examId} ${user.id}`} user={user} />
    </MoreWords>
  );
}
