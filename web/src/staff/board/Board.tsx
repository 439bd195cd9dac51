import { useLogin } from '../../api';
import { Loading } from '../../ui/Spinner';
import { MoreWords } from '../../words/Words';
import { opens } from '../roles';
import { BoardPage } from './BoardPage';
import { NoBoard } from './NoBoard';

/** The live board of an exam: every student, those first who need somebody. For proctors and administrators. */
export function Board({ examId }: { examId: number }) {
  const user = useLogin().login?.user;
  if (!user) return null;
  if (!opens(user, 'board')) return <NoBoard examId={examId} hasReport={opens(user, 'report')} />;
  return (
    <MoreWords fallback={<Loading />} of={['board']}>
      <BoardPage examId={examId} key={`${examId} ${user.id}`} user={user} />
    </MoreWords>
  );
}
