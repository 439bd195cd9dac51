import { useQuery } from '@tanstack/react-query';
import { useApi } from '../../api';
import { useFileAddress } from '../../api/useFileAddress';
import styles from './QuestionImage.module.css';
import { type Image, markerOf } from './question';

export interface QuestionImageProps {
  questionId: number;
  image: Image;
}

/** An image below the text that names it; the token that fetches it is never in an address. */
export function QuestionImage({ questionId, image }: QuestionImageProps) {
  const address = useFileAddress(useContent(questionId, image.sha256));
  return (
    <figure className={styles.figure}>
      {address ? (
        <img alt={image.alternative} className={styles.image} src={address} />
      ) : (
        <p>{image.alternative}</p>
      )}
      <figcaption className={styles.caption}>{markerOf(image.number)}</figcaption>
    </figure>
  );
}

function useContent(questionId: number, sha256: string): Blob | undefined {
  const api = useApi();
  const path = `/api/v1/exams/questions/${questionId}/images/${sha256}`;
  const { data } = useQuery({
    queryKey: [path],
    queryFn: async ({ signal }) => (await api.fetch(path, { signal })).blob(),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data;
}
