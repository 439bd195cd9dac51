import '../ui/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Words } from '../words/Words';
import { Staff } from './Staff';

const root = document.getElementById('root');
if (!root) throw new Error('the page has no #root');
createRoot(root).render(
  <StrictMode>
    <Words>
      <Staff />
    </Words>
  </StrictMode>,
);
