import { useRoute } from 'wouter';
import { MoreWords } from '../../words/Words';
import { Review } from './Review';
import { ReviewList } from './ReviewList';

/** Reviews: the list at `/reviews`, one of them at `/reviews/:id`. */
export function Reviews() {
  const [isOne, place] = useRoute('/reviews/:id');
  return (
    <MoreWords of={['reviews', 'attempt']}>
      {isOne ? <Review key={place.id} reviewId={Number(place.id)} /> : <ReviewList />}
    </MoreWords>
  );
}
